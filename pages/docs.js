// The API reference: Swagger UI, which reads /openapi.yaml.

import { followTheme } from './theme.js';

followTheme(/** @type {HTMLSelectElement} */ (document.getElementById('theme')));
// @ts-expect-error swagger-ui-bundle.js defines it, and has no types.
window.SwaggerUIBundle({
  dom_id: '#reference',
  url: 'openapi.yaml',
  deepLinking: true,
  docExpansion: 'list',
  // It would ask a service elsewhere whether the document is valid.
  validatorUrl: null,
});
