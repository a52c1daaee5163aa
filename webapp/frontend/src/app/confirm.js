// Acts that cannot be undone ask first. The question stands on the button: data-confirm="…".
export function askBeforeActing(root) {
  root.addEventListener('submit', (event) => {
    const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
    if (!question || event.target.dataset.confirmed === question) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(question, event.submitter).then((yes) => {
      if (!yes) return;
      event.target.dataset.confirmed = question;
      event.target.requestSubmit(event.submitter ?? undefined);
      delete event.target.dataset.confirmed;
    });
  }, true);
}

function ask(question, opener) {
  const dialog = document.getElementById('confirm');
  dialog.querySelector('[data-question]').textContent = question;
  dialog.querySelector('[value="yes"]').textContent = opener?.textContent.trim() || dialog.dataset.yes;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      if (dialog.returnValue !== 'yes') opener?.focus();
      resolve(dialog.returnValue === 'yes');
    }, { once: true });
  });
}
