// The colours of the pages: those of the system, or light or dark as the reader chose, which the browser remembers.

const NAME = 'lsllama-theme';

/**
 * Applies the remembered choice, and follows the select element.
 * @param {HTMLSelectElement} select
 */
export function followTheme(select) {
  select.value = localStorage.getItem(NAME) ?? '';
  apply(select.value);
  select.addEventListener('change', () => {
    localStorage.setItem(NAME, select.value);
    apply(select.value);
  });
}

/** @param {string} theme `light`, `dark`, or empty for the system's */
function apply(theme) {
  document.documentElement.dataset.theme = theme;
}
