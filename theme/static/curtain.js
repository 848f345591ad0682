// Nothing of the page is shown until its seal is open or known to stay shut, so that nothing moves under a thumb.
document.querySelector("main").dataset.opening = "";
