// Shows the questions of a form that are asked with the answers so far. Without it all are shown, each with its
// condition in words; the server leaves out what is not asked.
"use strict";

for (const form of document.querySelectorAll("form[data-questions]")) {
  const rows = [...form.querySelectorAll("[data-for-session], [data-shown-if]")];
  const sets = [...form.querySelectorAll("[data-question-set]")];
  const chooses = form.querySelector("input[type=checkbox][name=session]") !== null;
  const isHidden = (name) => form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest(".question")?.hidden === true;
  const follow = () => {
    const said = new FormData(form);
    const sessions = said.getAll("session");
    // In the order of the page: a question that is hidden answers nothing for those below it.
    for (const row of rows) {
      const { forSession, shownIf, shownIfValue } = row.dataset;
      const inSession = !forSession || !chooses || sessions.includes(forSession);
      const isSo = !shownIf || (!isHidden(shownIf) && said.getAll(shownIf).includes(shownIfValue));
      row.hidden = !(inSession && isSo);
    }
    for (const set of sets) {
      const questions = [...set.querySelectorAll(".question")];
      set.hidden = questions.length > 0 && questions.every((one) => one.hidden);
    }
  };
  form.classList.add("follows");
  form.addEventListener("change", follow);
  form.addEventListener("reset", () => setTimeout(follow));
  addEventListener("pageshow", follow);
  follow();
}
