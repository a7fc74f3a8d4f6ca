// Browsers start no worker for a page that is opened from a folder. There the search runs in a hidden frame instead.
if (location.protocol === "file:") {
  const message = data => new MessageEvent("message", { data: structuredClone(data) })

  window.Worker = class {
    constructor(address) {
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.inner = frame.contentWindow
      this.inner.postMessage = data => this.onmessage && this.onmessage(message(data))
      this.terminate = () => frame.remove()
      this.loaded = new Promise((done, failed) => {
        const script = frame.contentDocument.createElement("script")
        script.src = address
        script.onload = done
        script.onerror = () => {
          failed(new Error(`not loaded: ${address}`))
          if (this.onerror) this.onerror(new ErrorEvent("error", { message: "not loaded" }))
        }
        frame.contentDocument.body.append(script)
      })
    }

    postMessage(data) {
      const sent = message(data) // now: what is sent may change afterwards
      this.loaded.then(() => this.inner.dispatchEvent(sent)).catch(() => {})
    }
  }
}
