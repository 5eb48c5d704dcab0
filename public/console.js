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

for (const form of document.querySelectorAll('form[method="post"]')) {
  // One press is one deed.
  form.addEventListener('submit', () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll('button')) button.disabled = true;
    }, 0);
  });
}

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
