-- the ends of the interval in out.press_summary are named by its level; every run counts the headlines anew
drop table if exists out.press_summary;
