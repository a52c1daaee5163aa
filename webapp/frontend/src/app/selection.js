// The inbox: "select all on this page", and how many are selected. Only items of one step can be signed together.
export function countSelection(root) {
  for (const form of root.querySelectorAll('form[data-selection]')) {
    if (form.dataset.counting) continue;
    form.dataset.counting = 'yes';
    form.addEventListener('change', (event) => {
      if (event.target.matches('[data-select-all]')) {
        for (const box of boxes(form)) if (!box.disabled) box.checked = event.target.checked;
      }
      show(form);
    });
    show(form);
  }
}

const boxes = (form) => [...form.querySelectorAll('input[type="checkbox"][name="item"]')];

function show(form) {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked);
  for (const place of form.querySelectorAll('[data-selected-count]')) place.textContent = chosen.length;
  const mixed = new Set(chosen.map((box) => box.dataset.step)).size > 1;
  for (const button of form.querySelectorAll('[data-needs-selection]')) button.disabled = chosen.length === 0 || mixed;
  form.querySelector('[data-one-step]')?.classList.toggle('unmet', mixed);
  const whole = form.querySelector('[data-select-all]');
  if (whole) {
    whole.checked = all.length > 0 && chosen.length === all.length;
    whole.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
}
