(function(){var r=document.documentElement;r.classList.add("js");try{var t=localStorage.getItem("aftershock-theme");if(t==="light"||t==="dark")r.dataset.theme=t}catch(e){}})();
