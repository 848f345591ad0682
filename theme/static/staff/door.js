// To the board in the language that was chosen here, or that the browser speaks; what follows the # goes along.
(function () {
  var links = {}, wanted = [], each;
  for (each of document.links) links[each.hreflang] = each;
  try {
    wanted.push(localStorage.getItem("guestlink:staff:language"));
  } catch (nothing) {}
  wanted.push(...navigator.languages, "en");
  for (each of wanted) {
    if (each && (each = links[each.split("-")[0].toLowerCase()])) break;
  }
  location.replace(each.pathname + location.hash);
})();
