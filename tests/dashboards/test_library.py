"""The library of figures that a site loads: whole enough to draw them, and no more of it started."""

import re
from importlib.resources import files

import pytest

from dashboards.figures.figure import Plot
from dashboards.shell.library import check_bundle, lean, library_text
from dashboards.shell.manifest import SiteError


def test_a_bundle_of_another_version_or_without_heat_maps_is_refused(tmp_path):
    wrong = tmp_path / "plotly.js"
    wrong.write_text("/**\n* plotly.js (basic - minified) v4.1.1\n*/")
    with pytest.raises(SiteError, match="basic bundle, which lacks heat maps"):
        check_bundle(wrong)
    wrong.write_text("/**\n* plotly.js v1.0.0\n*/")
    with pytest.raises(SiteError, match="is not plotly"):
        check_bundle(wrong)
    with pytest.raises(SiteError, match="cannot be read"):
        check_bundle(tmp_path / "absent.js")


def test_a_site_starts_the_kinds_of_trace_it_draws_and_no_other():
    bundled = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    started = library_text()
    list_of_kinds = re.compile(r"register\(\[([^\]]*)\]\)")
    assert len(list_of_kinds.search(bundled)[1].split(",")) > 40
    (kept,) = list_of_kinds.search(started)[1].split(",")
    assert kept in list_of_kinds.search(bundled)[1].split(",")
    assert list_of_kinds.sub("", started) == list_of_kinds.sub("", bundled)


def test_a_library_whose_kinds_are_not_found_is_left_as_it_is():
    assert lean("one") == "one"
    heat = 'var n=W((b,c)=>{c.exports={moduleType:"trace",name:"heatmap"}}),m=W((b,c)=>{c.exports=n()});'
    pie = 'var o=W((b,c)=>{c.exports={moduleType:"trace",name:"pie"}}),p=W((b,c)=>{c.exports=o()});'
    assert lean(f"{heat}{pie}P.register([p(),m()])") == f"{heat}{pie}P.register([m()])"
    for odd in (f"{pie}P.register([p(),m()])", f"{heat}P.register([m(),p()])" * 2, f"{heat}P.register(m())"):
        assert lean(odd) == odd


def test_a_trace_that_the_library_of_a_site_does_not_start_is_refused():
    with pytest.raises(ValueError, match="figures draw no pie"):
        Plot([{"type": "pie"}], {}, height=300).spec()
