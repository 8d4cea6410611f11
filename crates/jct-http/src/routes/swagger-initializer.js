// Shows /openapi.json. The document is behind the key of the tower; it is asked for once and kept by this page alone.
window.onload = async () => {
  let key = "";
  const withKey = (request) => {
    if (key) {
      request.headers.Authorization = `Bearer ${key}`;
    }
    return request;
  };
  const probe = await fetch("/openapi.json", { method: "HEAD" });
  if (probe.status === 401) {
    key = (window.prompt("Key of the tower (kept by this page alone)") || "").trim();
  }
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: "StandaloneLayout",
    requestInterceptor: withKey,
  });
};
