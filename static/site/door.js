// At the door: says so where a press of a button did not reach the service. Without script the browser says it itself.
"use strict";

const notice = document.getElementById("not-saved");
if (notice) {
  for (const failed of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.body.addEventListener(failed, () => {
      notice.hidden = false;
      notice.scrollIntoView({ block: "center" });
    });
  }
  // Whoever was signed out is led to the sign-in page, which is no row of the list.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.responseURL.includes("/accounts/")) {
      event.detail.shouldSwap = false;
      notice.hidden = false;
    }
  });
  // The row is new, and so is its button: whoever works by keyboard goes on where he or she was.
  document.body.addEventListener("htmx:afterSettle", (event) => {
    document.getElementById(event.detail.requestConfig.elt.id)?.focus({ preventScroll: true });
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && !event.detail.xhr.responseURL.includes("/accounts/")) notice.hidden = true;
  });
}
