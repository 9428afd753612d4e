extension Element {
    /// The tree as a page for a browser: a wireframe, not what a phone would show.
    func document(_ caption: String) -> String {
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>\(escaped(caption))</title>
        <style>\(wireframeStyle)</style>
        <body>\(markup)<q-caption>\(escaped(caption))</q-caption></body></html>

        """
    }

    private var markup: String {
        let attributes = traits.sorted { $0.key < $1.key }.map { " data-\($0.key)=\"\(escaped($0.value))\"" }.joined()
        var inner = escaped(text)
        if kind == "field", text.isEmpty { inner = "<i>\(escaped(traits["label"] ?? ""))</i>" }
        if kind == "image" { inner = glyph(traits["symbol"] ?? "") }
        return "<q-\(kind)\(attributes)>\(inner)\(parts.map(\.markup).joined())</q-\(kind)>"
    }
}

private func escaped(_ text: String) -> String {
    let names: [Character: String] = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;"]
    return text.map { names[$0] ?? String($0) }.joined()
}

/// A sign that a browser's font has, for a symbol that it has not.
private func glyph(_ symbol: String) -> String {
    let glyphs = [
        "checkmark.circle": "✓", "checkmark.seal": "✓", "pause.circle": "‖", "hourglass": "◔", "xmark.circle": "×",
        "lock": "⊠", "lock.open": "⊡", "list.bullet": "☰", "shield": "◈", "doc.text": "▤", "plus": "+",
        "circle": "○", "circle.fill": "●", "delete.left": "⌫", "wifi.slash": "≁", "exclamationmark.triangle": "△",
        "square.and.arrow.up": "↥", "questionmark.circle": "?", "bell": "•", "checkmark.square.fill": "☑",
        "square": "☐", "person.2": "☺", "faceid": "◉", "eye.slash": "⊘",
    ]
    return glyphs[symbol] ?? "◇"
}

private let wireframeStyle = """
    :root{--ink:#1c1c1e;--quiet:#6b6b70;--paper:#f2f2f7;--card:#fff;--line:#d8d8dc;--tint:#0b5f66;--on-tint:#fff;--danger:#b3261e;--bar:#fafafc;--cover:#e4e7e8;--off:#c9c9ce}
    :root.dark{--ink:#f2f2f7;--quiet:#a1a1a8;--paper:#000;--card:#1c1c1e;--line:#3a3a3e;--tint:#5cc3cb;--on-tint:#00363a;--danger:#ffb4ab;--bar:#161618;--cover:#1b2021;--off:#4a4a4f}
    *{box-sizing:border-box}body{margin:0;font:17px/1.35 "DejaVu Sans","Noto Sans CJK SC",sans-serif;color:var(--ink);background:var(--card)}
    q-screen{display:block;position:relative;width:390px;height:844px;padding:12px 0 76px;background:var(--paper);overflow:hidden;border:1px dashed #9a9aa0}
    q-caption{display:block;width:390px;padding:6px 10px;font-size:12px;color:var(--quiet)}
    q-page,q-list,q-scroll,q-section,q-rows,q-header,q-footer,q-title,q-text,q-group,q-picker,q-empty,q-progress,q-alert,q-sheet,q-overlay,q-grid{display:block}
    q-bar{display:flex;gap:12px;min-height:44px;padding:8px 16px;align-items:center}q-spacer{flex:1}q-bar q-button{color:var(--tint)}
    q-title{font-size:30px;font-weight:700;padding:0 20px 10px;line-height:1.15}
    q-section{margin:0 16px 20px}q-header,q-footer{font-size:13px;color:var(--quiet);padding:5px 14px}
    q-rows{background:var(--card);border-radius:10px;overflow:hidden}q-rows>*,q-picker>*{display:block;padding:11px 14px;border-bottom:1px solid var(--line)}
    q-rows>*:last-child{border-bottom:0}q-rows q-picker{padding:0}q-scroll,q-page>q-column{padding:0 20px}
    q-column{display:flex;flex-direction:column;gap:6px}q-column[data-align=center]{align-items:center;text-align:center}
    q-row,q-label{display:flex;gap:8px;align-items:center}q-row>q-column{flex:1}q-label>q-text{flex:1}
    q-gridrow{display:flex;justify-content:center;gap:18px;margin:8px 0}q-gridrow>*{width:86px;text-align:center}
    q-gridrow q-button{padding:14px 0;border:1px solid var(--line);border-radius:12px;background:var(--card);font-size:22px}
    q-pair{display:flex!important;gap:12px;justify-content:space-between}q-pair>:last-child{color:var(--quiet);text-align:right}
    q-button,q-share{display:block;color:var(--tint)}q-button[data-style=plain]{color:inherit}q-button[data-role=destructive]{color:var(--danger)}q-button[data-off]{opacity:.38}
    q-button[data-style=prominent]{background:var(--tint);color:var(--on-tint);border-radius:12px;padding:13px 16px;text-align:center;margin:6px 0}
    q-button[data-style=bordered]{border:1px solid var(--tint);border-radius:12px;padding:12px 16px;text-align:center;margin:6px 0}
    q-link{display:flex!important;align-items:center;gap:8px}q-link>:first-child{flex:1}q-link::after{content:"›";color:var(--quiet)}
    q-toggle{display:flex!important;justify-content:space-between;gap:10px;align-items:center}q-toggle::after{content:"";flex:none;width:46px;height:26px;border-radius:13px;background:radial-gradient(circle at 13px 13px,#fff 10px,#0000 11px) var(--off)}
    q-toggle[data-on=yes]::after{background:radial-gradient(circle at 33px 13px,#fff 10px,#0000 11px) var(--tint)}
    q-disclosure{display:flex!important;justify-content:space-between}q-disclosure::after{content:"⌄";color:var(--quiet)}q-disclosure[data-open=yes]::after{content:"⌃"}
    q-field{display:block;min-height:44px;padding:11px 14px}q-field i{color:var(--quiet);font-style:normal}
    q-picker q-button{color:inherit}q-picker [data-chosen=yes]::after{content:" ✓";color:var(--tint)}
    q-tabs{position:absolute;left:0;right:0;bottom:0;display:flex;background:var(--bar);border-top:1px solid var(--line);height:70px}
    q-tab{flex:1;text-align:center;font-size:12px;color:var(--quiet);padding-top:8px}q-tab q-label{display:block}q-tab[data-chosen]{color:var(--tint);font-weight:700}q-tab q-image{font-size:20px;display:block}
    q-sheet{position:absolute;inset:24px 0 0;background:var(--paper);border-radius:14px 14px 0 0;box-shadow:0 0 0 900px #0007;z-index:2;padding-top:6px;overflow:hidden}
    q-alert{position:absolute;left:40px;right:40px;top:220px;background:var(--card);border-radius:14px;padding:18px;text-align:center;box-shadow:0 0 0 900px #0007;z-index:3}
    q-alert q-title{font-size:18px;padding:0 0 8px}q-alert q-button{padding-top:14px}
    q-overlay{position:absolute;inset:0;background:var(--cover);z-index:4;display:flex;align-items:center;justify-content:center}
    q-empty{text-align:center;padding:120px 30px}q-empty q-label{display:block;font-size:20px;font-weight:600}q-empty>q-text{color:var(--quiet);padding:8px}q-progress{text-align:center;color:var(--quiet);padding:60px 20px}q-progress::before{content:"◌ "}
    q-inset{display:block;position:absolute;left:0;right:0;bottom:0;padding:6px 20px 18px;background:var(--bar);border-top:1px solid var(--line);z-index:1}q-inset q-column[data-align]{align-items:stretch;gap:2px}
    q-image{color:var(--quiet)}q-chooser{display:none}
    [data-font=largeTitle]{font-size:32px;font-weight:700}[data-font=title],[data-font=title2]{font-size:24px;font-weight:700;line-height:1.2}[data-font=headline]{font-weight:600}
    [data-font=subheadline],[data-font=callout]{font-size:15px}[data-font=footnote],[data-font=caption]{font-size:13px}
    [data-bold]{font-weight:700}[data-mono]{font-family:"DejaVu Sans Mono",monospace;font-size:13px;overflow-wrap:anywhere}[data-color=secondary]{color:var(--quiet)}
    """
