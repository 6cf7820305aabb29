"""Three kinds of plot as inline SVG, without any library: bars, lines and stacked slices of time."""
import html
import math

COLOURS = {"switchyard": "#1b7f5c", "nginx": "#8a6d1b", "haproxy": "#3b5ba5", "nginx-reload": "#8a6d1b",
           "haproxy-socket": "#3b5ba5", "haproxy-reload": "#9a4a86"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 260, 64, 34, 12


def colour(name):
    return COLOURS.get(name, "#555555")


def text(x, y, words, anchor="middle", size=11):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{html.escape(str(words))}</text>'


def nice(value):
    """A value as a person writes it."""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}" if value % limit == 0 else f"{value / limit:.1f}{unit}"
    return f"{value:g}" if value >= 0.1 or value == 0 else f"{value:.2f}"


def frame(inner, height=HEIGHT):
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif" '
            f'fill="#222">{inner}</svg>')


def bars(rows, unit):
    """rows: (name, median, least, most). The whisker is the spread over the rounds."""
    most = max((row[3] for row in rows), default=1) or 1
    out, y = "", 8
    for name, median, least, high in rows:
        scale = (WIDTH - 260) / most
        out += text(96, y + 15, name, "end", 12)
        out += f'<rect x="104" y="{y}" width="{median * scale:.1f}" height="20" fill="{colour(name)}"/>'
        out += (f'<path d="M{104 + least * scale:.1f} {y + 10}H{104 + high * scale:.1f}" stroke="#000" stroke-width="1.5"/>')
        out += text(112 + high * scale, y + 15, f"{median:,.2f} {unit}" if median < 100 else f"{median:,.0f} {unit}", "start", 12)
        y += 28
    return frame(out, y + 4)


def ticks(low, high, count=5):
    step = 10 ** math.floor(math.log10((high - low) / count or 1))
    for factor in (1, 2, 5, 10):
        if (high - low) / (step * factor) <= count:
            step *= factor
            break
    at = math.ceil(low / step) * step
    while at <= high + step * 1e-6:
        yield at
        at += step


def lines(series, x_label, y_label, log_y=False, x_names=None):
    """series: {name: [(x, y), …]}. x_names: {x: label} instead of numbers."""
    points = [point for line in series.values() for point in line]
    if not points:
        return ""
    x_low, x_high = min(p[0] for p in points), max(p[0] for p in points)
    y_high = max(p[1] for p in points) or 1
    y_low = min((p[1] for p in points if p[1] > 0), default=0.01) if log_y else 0
    if log_y:
        y_low, y_high = 10 ** math.floor(math.log10(y_low)), 10 ** math.ceil(math.log10(y_high))

    def at_x(x):
        return LEFT + (x - x_low) / ((x_high - x_low) or 1) * (WIDTH - LEFT - 20)

    def at_y(y):
        if log_y:
            part = (math.log10(max(y, y_low)) - math.log10(y_low)) / ((math.log10(y_high) - math.log10(y_low)) or 1)
        else:
            part = (y - y_low) / ((y_high - y_low) or 1)
        return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)

    out = ""
    marks = ([10 ** e for e in range(round(math.log10(y_low)), round(math.log10(y_high)) + 1)] if log_y
             else list(ticks(y_low, y_high)))
    for mark in marks:
        out += f'<path d="M{LEFT} {at_y(mark):.1f}H{WIDTH - 20}" stroke="#ddd"/>' + text(LEFT - 6, at_y(mark) + 4, nice(mark), "end")
    for mark, label in (x_names or {x: nice(x) for x in ticks(x_low, x_high, 8)}).items():
        out += text(at_x(mark), HEIGHT - BOTTOM + 16, label)
    for number, (name, line) in enumerate(series.items()):
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)
        out += f'<polyline points="{path}" fill="none" stroke="{colour(name)}" stroke-width="2"/>'
        out += text(LEFT + 10, TOP + 14 + 15 * number, name, "start", 12).replace("<text", f'<text fill="{colour(name)}"')
    out += text((LEFT + WIDTH) / 2, HEIGHT - 4, x_label) + text(4, TOP + 2, y_label, "start")
    return frame(out)


def slices(rows, x_label, y_label):
    """rows: (x, (new, old, failed)): stacked columns, one per slice of time."""
    most = max((sum(parts) for _, parts in rows), default=1) or 1
    x_low, x_high = rows[0][0], rows[-1][0] + 1
    width = (WIDTH - LEFT - 20) / (x_high - x_low)
    out = ""
    for x, parts in rows:
        y = HEIGHT - BOTTOM
        for part, fill in zip(parts, ("#1b7f5c", "#4a78c4", "#c43a2f")):
            tall = part / most * (HEIGHT - BOTTOM - TOP)
            y -= tall
            if part:
                out += (f'<rect x="{LEFT + (x - x_low) * width:.1f}" y="{y:.1f}" width="{width + 0.2:.1f}" '
                        f'height="{tall:.1f}" fill="{fill}"/>')
    zero = LEFT - x_low * width
    out += f'<path d="M{zero:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#000" stroke-dasharray="3 3"/>'
    for mark in ticks(x_low, x_high, 8):
        out += text(LEFT + (mark - x_low) * width, HEIGHT - BOTTOM + 16, nice(mark) if mark >= 0 else f"{mark:g}")
    for number, (name, fill) in enumerate((("new colour", "#1b7f5c"), ("old colour", "#4a78c4"), ("failed", "#c43a2f"))):
        out += f'<rect x="{WIDTH - 130}" y="{TOP + 16 * number}" width="10" height="10" fill="{fill}"/>'
        out += text(WIDTH - 114, TOP + 9 + 16 * number, name, "start")
    return frame(out + text((LEFT + WIDTH) / 2, HEIGHT - 4, x_label) + text(4, TOP + 2, y_label, "start"))
