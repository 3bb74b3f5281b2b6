// The period of a figure that has several. The chosen one stands in the address, by its words: another build may have more.
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("[data-slide]"), function (input) {
    var id = input.dataset.slide, plot = document.querySelector("#" + id + " .plot");
    var frames = JSON.parse(document.getElementById(plot.dataset.fig).textContent).frames;
    var labels = frames.map(function (frame) { return frame.label; });
    var title = document.getElementById(id + "-t"), first = Array.from(title.childNodes);
    var output = document.getElementById(input.id + "-out");

    function show(place) {
      output.textContent = labels[place];
      // The period drawn first keeps its title with the origins of its numbers.
      if (place === frames.length - 1) title.replaceChildren.apply(title, first);
      else title.textContent = frames[place].title;
      input.setAttribute("aria-valuetext", labels[place]);
      plot.dataset.frame = place;
      plot.dispatchEvent(new Event("frame"));
    }

    var asked = labels.indexOf(new URLSearchParams(location.search).get(id));
    if (asked >= 0) {
      input.value = asked;
      show(asked);
    }
    input.addEventListener("input", function () {
      var place = Number(input.value), query = new URLSearchParams(location.search);
      show(place);
      if (place === frames.length - 1) query.delete(id); else query.set(id, labels[place]);
      history.replaceState(null, "", location.pathname + (query.toString() ? "?" + query : "") + location.hash);
    });
  });
})();
