// The page's own script: language, pages, age of the data, plots. Nothing is fetched.
"use strict";
(() => {
  const nonce = document.currentScript.nonce;
  const STALE_AFTER_HOURS = 26; // a night, and time to finish
  const root = document.documentElement;
  let plotly = null; // a promise, once a plot is to be shown

  const parsed = (element) => JSON.parse(element.textContent);

  function remembered() {
    try {
      return localStorage.getItem("language");
    } catch {
      return null; // storage is switched off
    }
  }

  function speak(language) {
    root.lang = language;
    document.title = document.querySelector("title").dataset[language];
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    try {
      localStorage.setItem("language", language);
    } catch {} // then it is asked again next time
  }

  async function unpacked() {
    const packed = atob(document.getElementById("plotly").textContent);
    const bytes = new Uint8Array(packed.length); // a loop takes a tenth of Uint8Array.from
    for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.nonce = nonce;
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    const { months, weekdays } = parsed(document.getElementById("calendar"));
    const days = [weekdays[6], ...weekdays.slice(0, 6)]; // from Sunday on
    const short = (names) => names.map((name) => name.slice(0, 3));
    Plotly.register({
      moduleType: "locale",
      name: "es",
      dictionary: {},
      format: { months, days, shortMonths: short(months), shortDays: short(days), date: "%d/%m/%Y" },
    });
    return Plotly;
  }

  async function draw() {
    const plots = [...document.querySelectorAll(".plot")].filter((plot) => plot.offsetParent);
    if (!plots.length) return;
    try {
      plotly ??= unpacked();
      const { react } = await plotly;
      for (const plot of plots) {
        const { data, layout } = parsed(plot.nextElementSibling)[root.lang];
        react(plot, data, layout, { displayModeBar: false, responsive: true, locale: root.lang });
      }
    } catch (error) {
      document.getElementById("no-plots").hidden = false;
      console.warn(error);
    }
  }

  function turn() {
    const articles = [...document.querySelectorAll("article")];
    const anchor = location.hash.slice(1);
    const found = articles.find((one) => anchor === one.id || anchor.startsWith(`${one.id}-`));
    const current = found ?? articles[0];
    for (const article of articles) article.hidden = article !== current;
    for (const link of document.querySelectorAll("nav.pages a")) {
      if (link.hash === `#${current.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  function tellAge() {
    const asOf = document.querySelector("#verdict time");
    const hours = asOf ? (Date.now() - new Date(asOf.dateTime)) / 3600000 : 0;
    document.getElementById("stale").hidden = hours <= STALE_AFTER_HOURS;
    document.body.classList.toggle("is-stale", hours > STALE_AFTER_HOURS);
  }

  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      speak(button.dataset.language);
      draw();
    });
  }
  addEventListener("hashchange", () => {
    turn();
    draw();
  });
  speak(remembered() ?? root.lang);
  turn();
  draw();
  tellAge();
  setInterval(tellAge, 600000);
})();
