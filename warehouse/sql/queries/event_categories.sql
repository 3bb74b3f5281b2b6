-- categories that events have
select distinct category from core.event where category is not null order by category
