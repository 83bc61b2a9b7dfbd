"""Draws the shop's pictures: flat lamps on coloured walls, their light stippled as in a two-colour print.

    python3 draw.py            writes the .svg files beside this script
    python3 draw.py --check    exits 1 and names the files that are not what it would write

The stipple is more than taste. Chromium does not take an image for the largest contentful paint when it has fewer
than 0.05 bits per shown pixel, so a picture of a few flat shapes would never be the LCP of a page. Thousands of dots
keep every picture well above that, also on a screen with two pixels to the dot.
"""

import math
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).parent
LIT = "#fff4d6"
WARM = "#ffc652"
AMBER = "#f08a24"


def dots(rng, count, place):
    """Invisible-length strokes with round caps: the shortest way to write a dot in SVG."""
    return "".join(f"M{x:.0f} {y:.0f}h0" for x, y in (place() for _ in range(count)))


def halo(rng, x, y, reach, count):
    """Dots that thin out with the distance from a light: three sizes, the largest nearest."""

    def within(limit):
        def place():
            angle = rng.random() * math.tau
            distance = limit * rng.random() ** 0.75
            return x + math.cos(angle) * distance, y + math.sin(angle) * distance

        return place

    layers = [(0.5, 5, 0.34, 0.3), (0.8, 3.6, 0.32, 0.35), (1.15, 2.6, 0.3, 0.35)]
    return "".join(
        f'<path d="{dots(rng, int(count * share), within(reach * part))}" fill="none" stroke="{WARM}" '
        f'stroke-width="{width}" stroke-linecap="round" opacity="{opacity}"/>'
        for part, width, opacity, share in layers
    )


def dusk(rng, left, width, height, top, count):
    """Dark dots that gather at the foot of a surface, so that it has weight."""

    def place():
        return rng.random() * width - left, top + (height - top) * rng.random() ** 0.6

    return (
        f'<path d="{dots(rng, count, place)}" fill="none" stroke="#000" stroke-width="3.4" '
        'stroke-linecap="round" opacity=".2"/>'
    )


def picture(name, size, wall, surface, horizon, lights, shapes, reach=430, count=1300, left=0):
    """`left` is how far the wall goes on to the left of x = 0: empty, for text to stand on."""
    width, height = size
    width += left
    rng = random.Random(name)
    glows = "".join(
        f'<radialGradient id="g{i}" gradientUnits="userSpaceOnUse" cx="{x}" cy="{y}" r="{reach}">'
        f'<stop offset="0" stop-color="{WARM}" stop-opacity=".85"/>'
        f'<stop offset=".35" stop-color="{AMBER}" stop-opacity=".36"/>'
        f'<stop offset="1" stop-color="{AMBER}" stop-opacity="0"/></radialGradient>'
        for i, (x, y) in enumerate(lights)
    )
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-left} 0 {width} {height}" width="{width}" height="{height}">',
        "<!-- Drawn by draw.py. Change that file, not this one. -->",
        "<defs>",
        f'<linearGradient id="shade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{WARM}"/>'
        f'<stop offset="1" stop-color="{LIT}"/></linearGradient>',
        f'<radialGradient id="globe"><stop offset="0" stop-color="#fffdf3"/><stop offset=".7" stop-color="{LIT}"/>'
        f'<stop offset="1" stop-color="{WARM}"/></radialGradient>',
        f'<linearGradient id="beam" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{WARM}" '
        f'stop-opacity=".75"/><stop offset="1" stop-color="{WARM}" stop-opacity=".06"/></linearGradient>',
        glows,
        "</defs>",
        f'<rect x="{-left}" width="{width}" height="{height}" fill="{wall}"/>',
    ]
    behind, front = shapes
    body.append(behind)
    if horizon < height:
        body.append(f'<rect x="{-left}" y="{horizon}" width="{width}" height="{height - horizon}" fill="{surface}"/>')
        body.append(dusk(rng, left, width, height, horizon + 12, count // 4))
    body += [f'<rect x="{-left}" width="{width}" height="{height}" fill="url(#g{i})"/>' for i in range(len(lights))]
    body += [halo(rng, x, y, reach, count // len(lights)) for x, y in lights]
    body.append(front)
    body.append("</svg>")
    return "\n".join(part for part in body if part) + "\n"


def shadow(x, y, rx, ry=14):
    return f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" opacity=".3"/>'


def porcini():
    front = (
        shadow(400, 806, 190)
        + '<path d="M352 520h96l34 262q2 20-20 20H338q-22 0-20-20z" fill="#f6d9a8"/>'
        + '<path d="M420 520h28l34 262q2 20-20 20h-56z" fill="#b9684a" opacity=".32"/>'
        + '<path d="M150 540q0-236 250-236t250 236q0 26-32 26H182q-32 0-32-26z" fill="url(#shade)"/>'
        + '<path d="M232 486q22-120 140-136" fill="none" stroke="#fffdf3" stroke-width="16" stroke-linecap="round"/>'
        + '<path d="M182 566h436q-40 30-218 30t-218-30z" fill="#fffdf3"/>'
    )
    behind = '<path d="M96 800V330q0-150 150-150h308q150 0 150 150v470z" fill="#000" opacity=".13"/>'
    return picture("porcini", (800, 1000), "#a8402f", "#6d241f", 800, [(400, 500)], (behind, front))


def perigee():
    behind = (
        '<circle cx="400" cy="440" r="345" fill="none" stroke="#fff" stroke-opacity=".08" stroke-width="3"/>'
        '<circle cx="400" cy="440" r="262" fill="none" stroke="#fff" stroke-opacity=".1" stroke-width="3"/>'
    )
    front = (
        '<path d="M400 0v232" stroke="#0d1530" stroke-width="7"/>'
        '<path d="M366 262q0-44 34-44t34 44z" fill="#d79a3c"/>'
        '<rect x="354" y="254" width="92" height="30" rx="8" fill="#e9b45a"/>'
        '<circle cx="400" cy="440" r="168" fill="url(#globe)"/>'
        '<path d="M288 402q22-78 92-98" fill="none" stroke="#fff" stroke-width="14" stroke-linecap="round"/>'
        + shadow(400, 900, 150)
        + '<circle cx="340" cy="800" r="40" fill="#e2683c"/><circle cx="420" cy="794" r="46" fill="#f0913d"/>'
        '<circle cx="478" cy="806" r="32" fill="#d2542f"/><path d="M268 822h264q-8 80-92 80h-80q-84 0-92-80z" fill="#e6e0f2"/>'
        '<path d="M420 822h112q-8 80-92 80h-50q30-30 30-80z" fill="#141d40" opacity=".2"/>'
        '<rect x="268" y="814" width="264" height="14" rx="7" fill="#fff"/>'
    )
    return picture("perigee", (800, 1000), "#2b4080", "#18244f", 862, [(400, 440)], (behind, front))


def heron():
    behind = (
        '<rect x="84" y="150" width="190" height="250" rx="4" fill="#0d3540"/>'
        '<path d="M104 170h150v210H104z" fill="#d9a441"/><circle cx="150" cy="262" r="52" fill="#a8402f"/>'
        '<path d="M104 380V320l70-40 80 66v34z" fill="#12424f"/>'
    )
    front = (
        shadow(636, 900, 112)
        + '<path d="M636 886V470q0-270-196-270-134 0-134 124" fill="none" stroke="#f2e6cf" stroke-width="13"/>'
        '<rect x="544" y="872" width="184" height="28" rx="14" fill="#f2e6cf"/>'
        '<path d="M176 446q0-132 130-132t130 132z" fill="#e2683c"/>'
        '<path d="M214 426q6-70 66-84" fill="none" stroke="#f8a47e" stroke-width="12" stroke-linecap="round"/>'
        '<ellipse cx="306" cy="446" rx="130" ry="24" fill="#fffdf3"/><ellipse cx="306" cy="448" rx="96" ry="15" fill="#ffe9ae"/>'
        + shadow(288, 904, 180)
        + '<path d="M150 690q0-60 60-60h136q60 0 60 60v96H150z" fill="#1d6b70"/>'
        '<rect x="112" y="738" width="60" height="128" rx="30" fill="#2a8a8a"/>'
        '<rect x="384" y="738" width="60" height="128" rx="30" fill="#175a61"/>'
        '<rect x="142" y="772" width="272" height="84" rx="26" fill="#35a09b"/>'
        '<path d="M170 856v46m216-46v46" stroke="#d9a441" stroke-width="14" stroke-linecap="round"/>'
    )
    return picture("heron", (800, 1000), "#14505e", "#0b2f3a", 872, [(306, 470)], (behind, front))


def clerk():
    front = (
        '<path d="M300 470 96 800h560L470 380z" fill="url(#beam)"/>'
        + shadow(560, 806, 120)
        + '<rect x="458" y="778" width="204" height="26" rx="13" fill="#2b1a3d"/>'
        '<path d="M560 782 640 500 462 330" fill="none" stroke="#2b1a3d" stroke-width="17" stroke-linejoin="round" stroke-linecap="round"/>'
        '<circle cx="640" cy="500" r="19" fill="#f2e6cf"/><circle cx="560" cy="778" r="17" fill="#f2e6cf"/>'
        '<ellipse cx="380" cy="424" rx="112" ry="34" transform="rotate(-27 380 424)" fill="#fffdf3"/>'
        '<path d="M280 476 424 288q26-34 60-14 36 22 22 62l-26 38z" fill="#4b2a6b"/>'
        '<path d="M312 444 436 294" stroke="#8a63b3" stroke-width="11" stroke-linecap="round"/>'
        + shadow(250, 806, 150)
        + '<rect x="128" y="762" width="250" height="40" rx="5" fill="#f2e6cf"/><rect x="128" y="762" width="34" height="40" fill="#c9472f"/>'
        '<rect x="150" y="722" width="218" height="40" rx="5" fill="#1d6b70"/><rect x="326" y="722" width="16" height="40" fill="#ffc652"/>'
        '<path d="M178 716q66-26 86 0 22-26 88 0v6H178z" fill="#fffdf3"/>'
    )
    return picture("clerk", (800, 1000), "#c98a1b", "#8a5a10", 800, [(372, 450)], ("", front), reach=380)


def lampion():
    ribs = "".join(
        f'<path d="M{400 - w} {y}q{w} {d} {2 * w} 0" fill="none" stroke="#d9822b" stroke-opacity=".5" stroke-width="4"/>'
        for y, w, d in [(280, 134, 20), (324, 188, 26), (372, 222, 32), (424, 240, 36), (478, 240, 38), (532, 222, 36), (582, 188, 30), (626, 134, 22)]
    )
    front = (
        '<path d="M400 0v240" stroke="#3d1428" stroke-width="6"/>'
        '<ellipse cx="400" cy="452" rx="246" ry="222" fill="url(#globe)"/>' + ribs
        + '<rect x="346" y="226" width="108" height="22" rx="8" fill="#3d1428"/><rect x="346" y="660" width="108" height="20" rx="8" fill="#3d1428"/>'
        '<path d="M0 1000V846q96-66 168 10 20-92 118-62 60 22 52 206z" fill="#57163a"/>'
        '<path d="M60 1000q-8-120 30-190m30 190q10-90 78-170" fill="none" stroke="#c25b86" stroke-width="6" stroke-linecap="round"/>'
    )
    return picture("lampion", (800, 1000), "#b44d78", "#7d2c52", 1000, [(400, 452)], ("", front), reach=470)


def menhir():
    front = (
        shadow(322, 846, 120)
        + shadow(540, 886, 96)
        + '<path d="M222 838V300q0-100 100-100t100 100v538q0 8-8 8H230q-8 0-8-8z" fill="url(#shade)"/>'
        '<path d="M372 214q50 22 50 86v538q0 8-8 8h-42z" fill="#f08a24" opacity=".28"/>'
        '<path d="M254 330v230" stroke="#fffdf3" stroke-width="15" stroke-linecap="round"/>'
        '<path d="M462 878V610q0-78 78-78t78 78v268q0 8-8 8H470q-8 0-8-8z" fill="url(#shade)"/>'
        '<path d="M582 544q36 18 36 66v268q0 8-8 8h-28z" fill="#f08a24" opacity=".28"/>'
        '<path d="M490 630v110" stroke="#fffdf3" stroke-width="13" stroke-linecap="round"/>'
        '<rect x="212" y="820" width="220" height="34" rx="10" fill="#221f3a"/><rect x="454" y="862" width="172" height="32" rx="10" fill="#221f3a"/>'
    )
    behind = '<path d="M0 0h250v1000H0z" fill="#000" opacity=".1"/>'
    return picture("menhir", (800, 1000), "#5b5690", "#35315e", 826, [(322, 500), (540, 700)], (behind, front), reach=380)


def vesper():
    behind = '<path d="M250 0 0 470h800L550 0z" fill="url(#beam)" transform="matrix(1 0 0 -1 0 456)" opacity=".8"/>'
    front = (
        '<path d="M232 452h336a168 168 0 0 1-336 0z" fill="#f2e6cf"/>'
        '<path d="M430 619a168 168 0 0 0 138-167H474q0 96-44 167z" fill="#3d4a2a" opacity=".24"/>'
        '<ellipse cx="400" cy="452" rx="168" ry="22" fill="#fffdf3"/><ellipse cx="400" cy="454" rx="126" ry="13" fill="#ffe9ae"/>'
        '<path d="M262 510q22 56 72 80" fill="none" stroke="#fff" stroke-width="11" stroke-linecap="round"/>'
        + shadow(560, 904, 130)
        + '<path d="M470 760h180l-18 124q-2 18-20 18h-104q-18 0-20-18z" fill="#c9472f"/><path d="M590 760h60l-18 124q-2 18-20 18h-40q20-60 18-142z" fill="#000" opacity=".16"/>'
        '<path d="M560 762q-10-170-96-196 0 120 86 196zm4 0q4-210 96-236 6 150-86 236zm-2 0q-70-60-150-40 50 60 140 42z" fill="#8fae52"/>'
        '<path d="M566 760q60-76 136-52-40 66-128 54z" fill="#aac76a"/>'
    )
    return picture("vesper", (800, 1000), "#4c6135", "#2c3a1e", 884, [(400, 430)], (behind, front))


def taper():
    def candle(x, top, height, colour):
        return (
            shadow(x, 842, 70, 11)
            + f'<rect x="{x - 62}" y="818" width="124" height="24" rx="12" fill="{colour}"/>'
            f'<path d="M{x - 13} {top + height}h26l6 {820 - top - height}h-38z" fill="{colour}"/>'
            f'<rect x="{x - 34}" y="{top + height - 8}" width="68" height="20" rx="10" fill="{colour}"/>'
            f'<rect x="{x - 19}" y="{top}" width="38" height="{height}" rx="9" fill="#f8ead0"/>'
            f'<rect x="{x + 5}" y="{top + 4}" width="14" height="{height - 4}" rx="6" fill="#b46b7a" opacity=".34"/>'
            f'<path d="M{x} {top - 96}q38 52 24 84-24 30-48 0-14-32 24-84z" fill="#ffb12e"/>'
            f'<path d="M{x} {top - 54}q18 28 10 44-10 14-20 0-8-16 10-44z" fill="#fffdf3"/>'
        )

    front = candle(246, 420, 190, "#e2683c") + candle(404, 300, 220, "#d9a441") + candle(562, 500, 170, "#35a09b")
    behind = '<circle cx="404" cy="420" r="330" fill="#000" opacity=".12"/>'
    return picture("taper", (800, 1000), "#55285f", "#2f1338", 826, [(246, 370), (404, 250), (562, 450)], (behind, front), reach=300)


def hero():
    behind = (
        '<rect x="1130" y="90" width="330" height="430" rx="30" fill="#1a1440"/><rect x="1148" y="108" width="294" height="412" rx="16" fill="#3a3a8c"/>'
        '<path d="M1148 400q90-70 160-20t134-30v170h-294z" fill="#26235f"/><circle cx="1340" cy="220" r="44" fill="#e9e3ff"/><circle cx="1358" cy="208" r="40" fill="#3a3a8c"/>'
        '<path d="M1295 108v412m-147-190h294" stroke="#1a1440" stroke-width="12"/><rect x="1108" y="512" width="374" height="22" rx="8" fill="#17113a"/>'
        '<rect x="560" y="150" width="150" height="190" fill="#17113a"/><path d="M574 164h122v162H574z" fill="#c9472f"/><circle cx="635" cy="236" r="40" fill="#ffc652"/>'
        '<rect x="560" y="366" width="150" height="120" fill="#17113a"/><path d="M574 380h122v92H574z" fill="#1d6b70"/><path d="M574 472l50-60 34 34 20-18 18 44z" fill="#f2e6cf"/>'
    )
    plant = "".join(
        f'<path d="M1420 690q{dx} {-dy // 2} {dx * 2} {-dy}q{dx // 3} {dy // 2} {-dx * 2} {dy}z" fill="{colour}"/>'
        for dx, dy, colour in [(-78, 170, "#2f7d5b"), (-40, 250, "#3f9a6c"), (18, 290, "#2f7d5b"), (52, 240, "#4fb07c"), (84, 150, "#3f9a6c")]
    )
    front = (
        '<ellipse cx="1010" cy="800" rx="430" ry="50" fill="#c9472f"/><ellipse cx="1010" cy="800" rx="380" ry="40" fill="none" stroke="#f2a38c" stroke-width="5" stroke-dasharray="22 14"/>'
        # the arc lamp
        '<path d="M1290 776V430q0-290-250-290-170 0-178 120" fill="none" stroke="#f2e6cf" stroke-width="13"/>'
        '<rect x="1200" y="764" width="180" height="26" rx="13" fill="#f2e6cf"/>'
        '<path d="M722 400q0-148 140-148t140 148z" fill="#ffb12e"/><path d="M764 378q8-78 74-94" fill="none" stroke="#ffe3a1" stroke-width="13" stroke-linecap="round"/>'
        '<ellipse cx="862" cy="400" rx="140" ry="26" fill="#fffdf3"/><ellipse cx="862" cy="402" rx="104" ry="16" fill="#ffe9ae"/>'
        # the armchair, with a cat asleep in it
        + shadow(880, 806, 250, 16)
        + '<path d="M700 560q0-76 76-76h208q76 0 76 76v150H700z" fill="#6a3fa0"/><path d="M760 484h16q-40 20-40 76v150h-36V560q0-76 60-76z" fill="#8a5cc4"/>'
        '<rect x="650" y="600" width="82" height="170" rx="41" fill="#8a5cc4"/><rect x="1028" y="600" width="82" height="170" rx="41" fill="#553083"/>'
        '<rect x="690" y="648" width="380" height="112" rx="34" fill="#7b4db5"/><path d="M730 762v44m300-44v44" stroke="#f2e6cf" stroke-width="16" stroke-linecap="round"/>'
        '<path d="M790 650q-10-74 90-76 104 0 104 60 0 18-18 18H806q-14 0-16-2z" fill="#20163f"/><path d="M940 606l6-34 22 18 26-10 0 36q6 34-30 36-30-4-24-46z" fill="#20163f"/>'
        '<path d="M796 644q-46 14-20 34 40 16 110-8" fill="none" stroke="#20163f" stroke-width="15" stroke-linecap="round"/>'
        '<path d="M958 614q6 6 12 0m10-2q5 5 10-1" fill="none" stroke="#ffc652" stroke-width="3.5" stroke-linecap="round"/>'
        # the side table with a small lamp
        + shadow(560, 804, 90)
        + '<path d="M486 640h148" stroke="#f2e6cf" stroke-width="16" stroke-linecap="round"/><path d="M560 644v150m-50 8 50-30 50 30" fill="none" stroke="#f2e6cf" stroke-width="11" stroke-linecap="round"/>'
        '<path d="M548 560h24l10 72h-44z" fill="#e2683c"/><path d="M496 566q0-62 64-62t64 62q0 8-10 8H506q-10 0-10-8z" fill="url(#shade)"/>'
        + shadow(1420, 806, 90)
        + plant
        + '<path d="M1350 680h140l-20 110q-2 14-18 14h-64q-16 0-18-14z" fill="#e2683c"/><path d="M1440 680h50l-20 110q-2 14-18 14h-30q22-50 18-124z" fill="#000" opacity=".15"/>'
    )
    return picture("hero", (1600, 900), "#2a1f5e", "#1a1240", 740, [(862, 420), (560, 560)], (behind, front), reach=520, count=3000, left=400)


PICTURES = [porcini, perigee, heron, clerk, lampion, menhir, vesper, taper, hero]


def main():
    drawn = {HERE / f"{draw.__name__}.svg": draw() for draw in PICTURES}
    if "--check" in sys.argv[1:]:
        stale = [path.name for path, text in drawn.items() if not path.exists() or path.read_text() != text]
        if stale:
            sys.exit("not what draw.py draws: " + ", ".join(stale))
        return
    for path, text in drawn.items():
        path.write_text(text)


main()
