(function () {
  var link = document.links[0], key = /^#([\w-]{22})/.exec(location.hash);
  if (key) link.hash = key[1];
  location.replace(link.href);
})();
