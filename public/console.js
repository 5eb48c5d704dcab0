// The console works without this: it writes times in the viewer's zone, copies, opens the menu on a phone.
'use strict';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone !== document.body.dataset.zone) {
  // The server reads it with the next page.
  document.cookie = `kanal-zone=${encodeURIComponent(zone)}; Path=/console; Max-Age=31536000; SameSite=Lax`;
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  for (const time of document.querySelectorAll('time[datetime]'))
    time.textContent = format.format(new Date(time.dateTime));
}

for (const button of document.querySelectorAll('.copy')) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => {
        button.textContent = label;
      }, 1500);
    } catch {
      // Not allowed here: what it would copy stands on the page.
      button.hidden = true;
    }
  });
}

const menu = document.querySelector('.menu');
if (menu) {
  menu.hidden = false;
  document.body.classList.add('folds');
  menu.addEventListener('click', () => {
    const isOpen = document.body.classList.toggle('open');
    menu.setAttribute('aria-expanded', String(isOpen));
  });
}

// What hurts at once is asked again, in a dialog of the browser's own: focus stays inside, Escape is no.
function ask({ ask: question, yes, no }) {
  const dialog = document.createElement('dialog');
  const text = document.createElement('p');
  text.textContent = question;
  const buttons = document.createElement('div');
  buttons.className = 'buttons';
  for (const [label, answer] of [
    [no, 'no'],
    [yes, 'yes'],
  ]) {
    const button = document.createElement('button');
    button.textContent = label;
    button.type = 'button';
    if (answer === 'yes') button.className = 'primary';
    button.addEventListener('click', () => dialog.close(answer));
    buttons.append(button);
  }
  dialog.append(text, buttons);
  document.body.append(dialog);
  return new Promise((done) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      done(dialog.returnValue === 'yes');
    });
    dialog.showModal();
  });
}

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', async (event) => {
    if (form.dataset.ask && form.dataset.asked !== 'yes') {
      event.preventDefault();
      if (!(await ask(form.dataset))) return;
      form.dataset.asked = 'yes';
      form.requestSubmit();
      return;
    }
    // One press is one deed.
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true;
    }, 0);
  });
}

// One box for all of a list, where many may be chosen.
for (const head of document.querySelectorAll('form.many th.pick')) {
  const boxes = [...head.closest('table').querySelectorAll('td.pick input')];
  const all = document.createElement('input');
  all.type = 'checkbox';
  all.setAttribute('aria-label', head.closest('form').dataset.all ?? '');
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked;
  });
  head.append(all);
}

// What was typed is still there one step back: kept in this tab only, without keys and passwords.
const kept = (form) => `kanal form ${form.getAttribute('action')}`;
const isKept = ({ name, type }) =>
  name && !/^(?:csrf$|key\.)/.test(name) && !/^(?:hidden|password|checkbox)$/.test(type);
for (const form of document.querySelectorAll('form.form[method="post"]')) {
  form.addEventListener('submit', () => {
    const typed = [...form.elements].filter(isKept).map(({ name, value }) => [name, value]);
    sessionStorage.setItem(kept(form), JSON.stringify(typed));
  });
  const before = sessionStorage.getItem(kept(form));
  sessionStorage.removeItem(kept(form));
  if (before === null || performance.getEntriesByType('navigation')[0]?.type !== 'back_forward') continue;
  for (const [name, value] of JSON.parse(before)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  const folded = form.closest('details');
  if (folded) folded.open = true;
}

// An example of an amount is one of the currency that is chosen beside it.
for (const select of document.querySelectorAll('select[name="currency"]')) {
  const show = () => {
    for (const input of select.form.querySelectorAll('input[data-examples]'))
      input.placeholder = JSON.parse(input.dataset.examples)[select.value] ?? '';
  };
  select.addEventListener('change', show);
  show();
}

for (const link of document.querySelectorAll('a.back'))
  link.addEventListener('click', (event) => {
    event.preventDefault();
    history.back();
  });

// "/" goes to the search box, as on other boards.
document.addEventListener('keydown', (event) => {
  const isTyping = /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target?.tagName ?? '');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
  const box = document.querySelector('.search input');
  if (!box) return;
  event.preventDefault();
  box.focus();
});

// Coming back with the browser's arrow shows an old copy of the page, with its buttons out of use.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
