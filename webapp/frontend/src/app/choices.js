// A field that is needed only for some outcomes (data-needed-for="return reject") is marked when such an outcome is
// chosen. The server checks the rule itself; this only shows it early.
export function followChoices(root) {
  for (const form of root.querySelectorAll('form[data-step-form]')) {
    if (form.dataset.following) continue;
    form.dataset.following = 'yes';
    form.addEventListener('change', () => mark(form));
    mark(form);
  }
}

function mark(form) {
  const outcome = new FormData(form).get('outcome');
  for (const field of form.querySelectorAll('[data-needed-for]')) {
    const needed = field.dataset.neededFor.split(' ').includes(outcome);
    field.classList.toggle('needed', needed);
    field.querySelector('input, select, textarea')?.setAttribute('aria-required', String(needed));
  }
}
