/**
 * Joins class names. Of two Tailwind classes that contradict each other the order says nothing: who changes the look of a
 * control marks the class, `h-10!`.
 */
export { clsx as cn } from "clsx";
