// On the worker's own small page: nothing of the stay stays on the phone, and a link that changed is asked again.
(function () {
  var what = document.documentElement.dataset.what, slug = /^\/w\/(?:_\/)?([\w-]{22})/.exec(location.pathname);
  if (what === "away" || !slug) return;
  try {
    Object.keys(localStorage).forEach(function (name) {
      if (name.startsWith("guestlink:" + slug[1] + ":")) localStorage.removeItem(name);
    });
  } catch (_) {}
  if (what === "moved") location.reload();
})();
