// Posts the one form of the page at once. Without script the page's button does the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-post-now]");
  if (form) form.submit();
})();
