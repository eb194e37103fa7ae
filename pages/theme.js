// The colours of the pages: those of the system, or light or dark as the reader chose, which the browser remembers.

const NAME = 'lsllama-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/**
 * Applies the remembered choice, and follows the select element and the system.
 * @param {HTMLSelectElement} select its values are `light`, `dark` and, for the system's colours, the empty one
 */
export function followTheme(select) {
  const apply = () => {
    const { classList, dataset } = document.documentElement;
    dataset.theme = select.value;
    // Swagger UI goes by this class.
    classList.toggle('dark-mode', select.value === 'dark' || (select.value === '' && systemIsDark.matches));
  };
  select.value = localStorage.getItem(NAME) ?? '';
  select.addEventListener('change', () => {
    localStorage.setItem(NAME, select.value);
    apply();
  });
  systemIsDark.addEventListener('change', apply);
  apply();
}
