import "@fontsource-variable/geist/wght.css";
import "@fontsource-variable/geist-mono/wght.css";
import Theme from "vitepress/theme-without-fonts";

import "./style.css";

export default Theme;
