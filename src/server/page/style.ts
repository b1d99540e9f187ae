// How the page looks, light and dark.
export const pageStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { display: flex; align-items: baseline; gap: 1rem; }
section { border: 1px solid #8884; border-left-width: .4rem; border-radius: .4rem; padding: .5rem 1rem; margin: 1rem 0; }
section.locked { border-left-color: #1a7f37; }
section.open { border-left-color: #bf8700; }
h1, h2 { margin: .3rem 0; }
h2 { font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883; }
code { background: #8882; padding: .1rem .3rem; border-radius: .2rem; }
`;
