"""The words of written dates: months, weekdays, halves of the day and words that only join, in several languages."""

from __future__ import annotations

import unicodedata

# Twelve names a line, January first; `/` separates spellings. Words that mean different months in two languages
# (listopad is October in Croatian and November in Polish), or something else in English (ago), are left out, so they
# are not understood.
_MONTHS = """\
january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sep/sept october/oct \
  november/nov december/dec
januar/jänner/jan februar/feber/feb märz/mär/mrz/maerz april mai juni juli august september/sept oktober/okt \
  november/nov dezember/dez
janvier/janv février/févr/fév mars avril/avr mai juin juillet/juil août septembre octobre novembre \
  décembre/déc
enero/ene febrero marzo abril/abr mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre/dic
gennaio/gen febbraio marzo aprile maggio/mag giugno/giu luglio/lug agosto settembre/set ottobre/ott novembre \
  dicembre
janeiro fevereiro/fev março abril maio junho julho agosto setembro outubro/out novembro dezembro
januari februari maart/mrt april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november december/des/desember
январь/января/янв февраль/февраля/фев март/марта/мар апрель/апреля/апр май/мая июнь/июня/июн июль/июля/июл \
  август/августа/авг сентябрь/сентября/сен/сент октябрь/октября/окт ноябрь/ноября/ноя/нояб декабрь/декабря/дек
styczeń/stycznia/sty luty/lutego/lut marzec/marca kwiecień/kwietnia/kwi maj/maja czerwiec/czerwca/cze \
  lipiec/lipca/lip sierpień/sierpnia/sie wrzesień/września/wrz październik/października/paź - \
  grudzień/grudnia/gru
ocak/oca şubat/şub mart nisan/nis mayıs haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki kasım/kas \
  aralık/ara
""".strip().splitlines()

_WEEKDAYS = """\
monday/mon tuesday/tue/tues wednesday/wed thursday/thu/thur/thurs friday/fri saturday/sat sunday/sun
montag/mo dienstag/di mittwoch/mi donnerstag/do freitag/fr samstag/sa/sonnabend sonntag/so
lundi/lun mardi/mar mercredi/mer jeudi/jeu vendredi/ven samedi/sam dimanche/dim
lunes martes/mar miércoles/mié jueves/jue viernes/vie sábado/sáb domingo/dom
lunedì martedì mercoledì giovedì/gio venerdì sabato/sab domenica
segunda/segunda-feira/seg terça/terça-feira/ter quarta/quarta-feira/qua \
  quinta/quinta-feira/qui sexta/sexta-feira/sex sábado domingo
maandag/ma dinsdag woensdag/wo donderdag vrijdag/vr zaterdag/za zondag/zo
måndag/mån tisdag/tis onsdag/ons torsdag/tors fredag/fre lördag/lör söndag/sön
понедельник/пн вторник/вт среда/ср четверг/чт пятница/пт суббота/сб воскресенье/вс
""".strip().splitlines()

# Words that join the parts of a date and say nothing themselves. "local" is not among them: it says that the zone is
# one that the text does not name.
_JOINING = """
at on the of um den der am de del el le la les a à las alle ore às em o il kl klockan clock uhr o'clock
в г год года время time hrs hours hour
"""
JOINING = frozenset(_JOINING.split())
BEFORE_NOON = frozenset(("am", "a.m", "a.m.", "上午", "午前", "오전", "凌晨", "早上", "清晨"))
AFTER_NOON = frozenset(("pm", "p.m", "p.m.", "下午", "午後", "오후", "晚上", "傍晚"))


def fold(text: str) -> str:
    """`text` with full-width digits and letters as plain ones, in lower case."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").casefold()


def _spellings(name: str) -> set[str]:
    """A name as written and without its accents, which many publishers leave out."""
    folded = fold(name)
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return {folded, bare} if bare.isascii() else {folded}


def _numbered(lines: list[str]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for line in lines:
        for number, names in enumerate(line.split(), start=1):
            for spelling in (s for name in names.split("/") if name != "-" for s in _spellings(name)):
                found.setdefault(spelling, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


MONTHS = {name: next(iter(numbers)) for name, numbers in _numbered(_MONTHS).items() if len(numbers) == 1}
WEEKDAYS = frozenset(_numbered(_WEEKDAYS))
EASTERN_WEEKDAY_MARKS = frozenset("月火水木金土日월화수목금토일一二三四五六")
