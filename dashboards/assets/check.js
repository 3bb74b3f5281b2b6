// A file that is chosen or dropped becomes the text of the form; it is read here and sent nowhere but to this server.
"use strict";
(() => {
  const box = document.getElementById("check-text");
  const chooser = document.getElementById("check-file");
  const read = async (files) => {
    if (files.length > 0) box.value = await files[0].text();
  };
  chooser.addEventListener("change", () => read(chooser.files));
  box.addEventListener("dragover", (event) => event.preventDefault());
  box.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    read(event.dataTransfer.files);
  });
})();
