(function () {
  "use strict";
  var root = document.documentElement;
  var all = function (selector, within) { return Array.from((within || document).querySelectorAll(selector)); };
  var isDark = function () {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };

  /* light and dark, remembered */
  all("[data-theme-toggle]").forEach(function (button) {
    button.addEventListener("click", function () {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("annlab-theme", root.dataset.theme); } catch (e) { /* not remembered then */ }
      recolour();
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { recolour(); });

  /* folded parts: all at once, for print, and when a link leads into one */
  var parts = all("main details");
  all("[data-unfold]").forEach(function (button) {
    button.addEventListener("click", function () {
      var open = button.getAttribute("aria-pressed") !== "true";
      parts.forEach(function (part) { part.open = open; });
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Fold all" : "Unfold all";
    });
  });
  if (matchMedia("(max-width: 62rem)").matches) all(".side details").forEach(function (part) { part.open = false; });
  var folded = [], dark = null;
  addEventListener("beforeprint", function () {
    folded = parts.filter(function (part) { return !part.open; });
    folded.forEach(function (part) { part.open = true; });
    dark = root.dataset.theme || "";
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", function () {
    folded.forEach(function (part) { part.open = false; });
    if (dark) root.dataset.theme = dark; else delete root.dataset.theme;
  });
  var reveal = function () {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var opened = false, open = function (part) { opened = opened || !part.open; part.open = true; };
    for (var part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") open(part);
    if (target) all(target.id === "reading" ? "details" : ":scope > details.whole", target).forEach(open);
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  /* claims by verdict */
  all("[data-filters]").forEach(function (group) {
    var rows = all("tbody tr", document.getElementById(group.dataset.filters));
    all("button", group).forEach(function (button) {
      button.addEventListener("click", function () {
        all("button", group).forEach(function (other) { other.setAttribute("aria-pressed", String(other === button)); });
        rows.forEach(function (row) { row.hidden = button.dataset.verdict !== "all" && row.dataset.verdict !== button.dataset.verdict; });
      });
    });
  });

  /* copy a command */
  all("[data-copy]").forEach(function (button) {
    button.addEventListener("click", function () {
      var code = button.parentElement.querySelector("code");
      var done = function () { button.textContent = "Copied"; setTimeout(function () { button.textContent = "Copy"; }, 1600); };
      var byHand = function () {
        getSelection().selectAllChildren(code);
        if (document.execCommand("copy")) done();
      };
      if (navigator.clipboard) navigator.clipboard.writeText(code.textContent).then(done, byHand); else byHand();
    });
  });

  /* interactive figures: drawn when first seen, in the colours of the page */
  var drawn = [], loading = null;
  function library() {
    var packed = document.getElementById("plotly-library");
    if (window.Plotly) return Promise.resolve(window.Plotly);
    if (!packed || !window.DecompressionStream) return Promise.reject(new Error("no library"));
    loading = loading || Promise.resolve().then(function () {
      var bytes = Uint8Array.from(atob(packed.textContent.trim()), function (letter) { return letter.charCodeAt(0); });
      return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    }).then(function (text) {
      var script = document.createElement("script");
      script.textContent = text;
      document.head.appendChild(script);
      return window.Plotly;
    });
    return loading;
  }
  function colours(layout) {
    var ink = getComputedStyle(document.body).color, line = getComputedStyle(root).getPropertyValue("--line").trim();
    var change = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": ink };
    Object.keys(layout).forEach(function (key) {
      if (/^scene\d*$/.test(key)) {
        change[key + ".bgcolor"] = "rgba(0,0,0,0)";
        ["xaxis", "yaxis", "zaxis"].forEach(function (axis) {
          change[key + "." + axis + ".color"] = ink;
          change[key + "." + axis + ".gridcolor"] = line;
          change[key + "." + axis + ".backgroundcolor"] = "rgba(0,0,0,0)";
        });
      } else if (/^[xy]axis\d*$/.test(key)) {
        change[key + ".color"] = ink;
        change[key + ".gridcolor"] = line;
      }
    });
    return change;
  }
  function recolour() {
    drawn.forEach(function (place) { window.Plotly.relayout(place, colours(place.layout)); });
  }
  var MOST_SCENES = 8; /* browsers keep some sixteen WebGL contexts and drop the oldest beyond */
  function scenes(place) { return Object.keys(place.layout || {}).filter(function (key) { return /^scene\d*$/.test(key); }).length; }
  function rest(place) {
    var paper = place.parentElement.querySelector(".drawing-paper");
    if (!paper.firstElementChild) return false;
    window.Plotly.purge(place);
    drawn.splice(drawn.indexOf(place), 1);
    place.hidden = true;
    paper.hidden = false;
    place.dataset.state = "";
    return true;
  }
  function makeRoom() {
    var total = drawn.reduce(function (sum, place) { return sum + scenes(place); }, 0);
    drawn.slice().forEach(function (place) {
      var size = scenes(place);
      if (total > MOST_SCENES && size && place.dataset.seen !== "yes" && rest(place)) total -= size;
    });
  }
  function draw(place) {
    var paper = place.parentElement.querySelector(".drawing-paper");
    place.dataset.state = "drawn";
    library().then(function (Plotly) {
      var figure = JSON.parse(document.getElementById(place.dataset.figure + "-data").textContent);
      place.hidden = false;
      return Plotly.newPlot(place, figure.data, figure.layout, { displaylogo: false, responsive: true, scrollZoom: false });
    }).then(function () {
      drawn.push(place);
      paper.hidden = true;
      place.classList.toggle("only", !paper.firstElementChild);
      makeRoom();
      return window.Plotly.relayout(place, colours(place.layout));
    }).catch(function () {
      place.hidden = true;
      paper.hidden = false;
    });
  }
  var places = all("[data-figure]");
  if (!places.length) return;
  if (!window.IntersectionObserver) { places.forEach(draw); return; }
  var watch = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      var place = entry.target.querySelector("[data-figure]");
      place.dataset.seen = entry.isIntersecting ? "yes" : "no";
      if (entry.isIntersecting && place.dataset.state !== "drawn") draw(place);
    });
  }, { rootMargin: "400px" });
  places.forEach(function (place) { watch.observe(place.parentElement); });
})();
