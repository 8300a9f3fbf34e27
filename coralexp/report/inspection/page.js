(() => {
  const chooser = document.querySelector("#device");
  const panels = [...document.querySelectorAll(".panel")];
  const choose = () => {
    for (const panel of panels) panel.hidden = panel.dataset.d !== chooser.value;
    for (const cell of document.querySelectorAll("[data-ms]"))
      cell.hidden = cell.dataset.ms !== chooser.value;
  };
  if (chooser) {
    chooser.closest("[hidden]").hidden = false;
    chooser.addEventListener("change", choose);
    choose();
  }
  const row = (bar) => bar.dataset.o && document.getElementById("op" + bar.dataset.o);
  for (const panel of panels) {
    const bars = [...panel.querySelectorAll(".track .bar")].sort(
      (a, b) => parseFloat(a.style.left) - parseFloat(b.style.left));
    const told = panel.querySelector("output");
    const tell = (bar) => { told.textContent = bar.title; };
    const mark = (bar) => {
      for (const old of document.querySelectorAll("tr.chosen")) old.classList.remove("chosen");
      row(bar)?.classList.add("chosen");
    };
    bars.forEach((bar, number) => {
      bar.tabIndex = number ? -1 : 0;
      bar.addEventListener("mouseenter", () => tell(bar));
      bar.addEventListener("focus", () => {
        for (const other of bars) other.tabIndex = other === bar ? 0 : -1;
        tell(bar);
        mark(bar);
      });
      bar.addEventListener("click", () => bar.focus());
      bar.addEventListener("keydown", (event) => {
        const to = {ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: bars.length - 1}[event.key];
        if (event.key === "Enter") row(bar)?.scrollIntoView({block: "center"});
        if (to === undefined || !bars[to]) return;
        event.preventDefault();
        bars[to].focus();
      });
    });
  }
})();
