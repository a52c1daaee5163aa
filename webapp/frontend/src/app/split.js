// The split of places: what the lines come to and what stays, while the numbers are typed.
export function sumSplit(root) {
  for (const form of root.querySelectorAll('form[data-split]')) {
    if (form.dataset.summing) continue;
    form.dataset.summing = 'yes';
    form.addEventListener('input', () => show(form));
    show(form);
  }
}

function show(form) {
  const amounts = [...form.querySelectorAll('input[data-proposed]')];
  if (!amounts.length) return;
  let sum = 0;
  for (const amount of amounts) {
    sum += Number.parseInt(amount.value, 10) || 0;
    amount.closest('tr').classList.toggle('changed', amount.value !== amount.dataset.proposed);
  }
  const rest = Number(form.dataset.split) - sum;
  form.querySelector('[data-split-sum]').textContent = sum.toLocaleString('en-US');
  const place = form.querySelector('[data-split-rest]');
  place.textContent = rest.toLocaleString('en-US');
  place.closest('li').classList.toggle('over', rest < 0);
}
