// A second click on a slow line must not send a form again; the server would refuse it as stale and worry people.
export function guardAgainstTwice(root) {
  root.addEventListener('submit', (event) => {
    if (event.defaultPrevented || event.target.method === 'dialog' || event.target.method === 'get') return;
    if (event.target.dataset.sent) {
      event.preventDefault();
      return;
    }
    event.target.dataset.sent = 'yes';
    event.target.setAttribute('aria-busy', 'true');
  });
  // The browser's "back" shows the page as it was left: let it be sent again.
  window.addEventListener('pageshow', () => {
    for (const form of root.querySelectorAll('form[data-sent]')) {
      delete form.dataset.sent;
      form.removeAttribute('aria-busy');
    }
  });
}
