// Filters rows by what is typed, and opens what they are in; without scripts the whole report is there.
const field = document.getElementById("filter");
const items = [...document.querySelectorAll("[data-text]")];
const folds = [...document.querySelectorAll("details")];
const shown = document.getElementById("shown");
function filter() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const item of items) {
    const hit = words.every((word) => item.dataset.text.includes(word));
    item.hidden = !hit;
    if (hit) count += 1;
  }
  for (const fold of folds) fold.open = words.length !== 0 && fold.querySelector("[data-text]:not([hidden])") !== null;
  shown.textContent = words.length === 0 ? "" : `${count} of ${items.length}`;
}
field.addEventListener("input", filter);
document.getElementById("search").hidden = false;
