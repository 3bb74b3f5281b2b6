// Taking a figure away: a picture, a frame for another page, a citation. Runs after site.js, which draws the figures.
(function () {
  "use strict";
  var root = document.documentElement, WIDTH = 1200, TITLE_HEIGHT = 70, FRAME_WIDTH = 800, FRAME_HEIGHT = 620;

  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }

  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function titleOf(figure) { return figure.querySelector(".fig-title").textContent; }

  function here(query) {
    var url = new URL(location.href);
    url.search = query;
    url.hash = "";
    return url.href;
  }

  // The figure as it stands, with its title and its note above and below: a picture travels without the page.
  function picture(figure, format) {
    var plot = figure.querySelector(".plot"), note = figure.querySelector(".fig-note");
    var height = plot.clientHeight + 2 * TITLE_HEIGHT, style = getComputedStyle(root);
    var margin = Object.assign({}, plot.layout.margin, { t: (plot.layout.margin.t || 14) + TITLE_HEIGHT, b: (plot.layout.margin.b || 40) + TITLE_HEIGHT });
    var title = { text: escapeText(titleOf(figure)), x: 0.02, xanchor: "left", y: 0.97, yanchor: "top", font: { size: 22, color: style.getPropertyValue("--ink").trim() } };
    var below = note ? [{ text: wrap(escapeText(note.textContent), 150), xref: "paper", yref: "paper", x: 0, y: 0, xanchor: "left", yanchor: "top", yshift: -45, align: "left", showarrow: false, font: { size: 11 } }] : [];
    var layout = Object.assign({}, plot.layout, {
      width: WIDTH, height: height, title: title, margin: margin,
      paper_bgcolor: style.getPropertyValue("--paper").trim(), annotations: (plot.layout.annotations || []).concat(below)
    });
    return window.Plotly.toImage({ data: plot.data, layout: layout }, { format: format, width: WIDTH, height: height }).then(function (address) {
      var link = document.createElement("a");
      link.href = address;
      link.download = figure.id + "." + format;
      link.click();
    });
  }

  function escapeText(text) { return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }

  function wrap(text, width) {
    var lines = [""];
    text.split(/\s+/).forEach(function (word) {
      var last = lines[lines.length - 1];
      if (last.length + word.length > width) lines.push(word); else lines[lines.length - 1] = last ? last + " " + word : word;
    });
    return lines.join("<br>");
  }

  function field(parent, label, value) {
    var line = add(parent, "label", label + " "), input = document.createElement("input");
    input.readOnly = true;
    input.value = value;
    input.addEventListener("focus", function () { input.select(); });
    line.appendChild(input);
  }

  function frameCode(figure) {
    var title = titleOf(figure).replace(/"/g, "&quot;");
    return '<iframe src="' + here("?frame=" + encodeURIComponent(figure.id)).replace(/"/g, "&quot;") + '" title="' + title +
      '" width="' + FRAME_WIDTH + '" height="' + FRAME_HEIGHT + '" loading="lazy"></iframe>';
  }

  function citation(figure) {
    var note = figure.querySelector(".fig-note"), asOf = note && /As of ([^.]+)\./.exec(note.textContent);
    return "Aftershock, \u201c" + titleOf(figure) + "\u201d, " + here("") + "#" + figure.id + (asOf ? ", data to " + asOf[1].trim() : "") +
      ", read " + new Date().toISOString().slice(0, 10) + ".";
  }

  function offer(figure) {
    var foot = figure.querySelector(".fig-foot"), plot = figure.querySelector(".plot");
    if (!foot || !plot) return;
    var details = add(foot, "details", "");
    details.className = "take";
    add(details, "summary", "Take it away");
    ["png", "svg"].forEach(function (format) {
      var button = add(details, "button", format.toUpperCase());
      button.type = "button";
      button.className = "quiet";
      button.dataset.image = format;
      button.setAttribute("aria-label", "\u201c" + titleOf(figure) + "\u201d as " + format.toUpperCase());
      button.addEventListener("click", function () { if (plot.dataset.drawn && window.Plotly) picture(figure, format); });
    });
    details.addEventListener("toggle", function () {
      if (details.dataset.filled) return;
      details.dataset.filled = "1";
      field(details, "Frame", frameCode(figure));
      field(details, "Citation", citation(figure));
    });
  }

  // ?frame=ID shows one figure alone, for an iframe of another page.
  function frame() {
    var id = new URLSearchParams(location.search).get("frame"), figure = id && document.getElementById(id);
    if (!figure || !figure.classList.contains("fig")) return;
    root.classList.add("framed");
    var whole = document.createElement("p"), link = add(whole, "a", "Aftershock: " + document.title);
    link.href = here("") + "#" + id;
    link.target = "_blank";
    link.rel = "noopener";
    document.querySelector("main .wrap").replaceChildren(figure, whole);
  }

  all(".fig").forEach(offer);
  frame();
})();
