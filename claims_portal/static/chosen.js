// Says beside the button how many claims of the queue are chosen. The button works without it.
(() => {
  const said = document.querySelector("[data-chosen]");
  if (!said) return;
  const count = () => {
    const chosen = document.querySelectorAll("[data-rows] [name=claim]:checked").length;
    const words = chosen ? said.dataset.chosen.replace("{n}", chosen) : "";
    if (said.textContent !== words) said.textContent = words;
  };
  document.addEventListener("change", count);
  // A browser that comes back to the page has ticked the boxes again.
  addEventListener("pageshow", count);
})();
