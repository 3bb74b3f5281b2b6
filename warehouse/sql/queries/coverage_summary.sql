-- the coverage table in one line: how much there is, what is missing and why, what is not in the registry
with causes as (
    select string_agg(n || ' ' || cause, ', ' order by n desc, cause) as words
    from (
        select replace(g.cause, '_', ' ') as cause, count(*) as n
        from core.gap as g
        join out.coverage as c on g.market_id = c.market_id and g.timeframe = c.timeframe
        where $asset_id is null or c.asset_id = $asset_id
        group by g.cause
    )
)

select
    printf('%d series of %d assets, bars known to %s UTC: ', count(*), count(distinct c.asset_id),
        strftime(max(c.last_open_utc), '%Y-%m-%d %H:%M'))
    || concat_ws('; ',
        format('{:,} bars present', coalesce(sum(c.n_present), 0)::bigint),
        format('{:,} missing', coalesce(sum(c.n_missing), 0)::bigint)
        || coalesce(' in gaps: ' || (select words from causes), ''),
        case when count(*) filter (not c.is_registered) > 0
            then count(*) filter (not c.is_registered) || ' series of markets that the registry does not know' end,
        case when sum(c.n_refused) > 0 then format('{:,} rows refused', sum(c.n_refused)::bigint) end
    ) as words
from out.coverage as c
where $asset_id is null or c.asset_id = $asset_id
