// The pictures of a report that was saved: a file that needs nothing beside itself. Its data stand in the page.
import { show } from "./element.js";
import { whenHovered } from "./chart.js";
import { pictures } from "./rollout_pictures.js";

const report = JSON.parse(document.getElementById("report").textContent);
const draw = () => show(document.getElementById("pictures"), pictures(report, Infinity));
whenHovered(draw);
draw();
