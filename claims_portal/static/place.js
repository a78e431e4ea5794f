// Asks the telephone where it is, once, when somebody presses the button. Without it the address is typed.
(() => {
  const block = document.getElementById("position");
  if (!block) return;
  const said = block.querySelector("[role=status]");
  if (!navigator.geolocation) {
    block.hidden = true;
    return;
  }
  block.querySelector("button").addEventListener("click", () => {
    said.textContent = block.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const [north, east] = [coords.latitude.toFixed(5), coords.longitude.toFixed(5)];
        document.getElementById("latitude").value = north;
        document.getElementById("longitude").value = east;
        said.textContent = block.dataset.have.replace("{position}", `${north}, ${east}`);
      },
      () => {
        said.textContent = block.dataset.none;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
})();
