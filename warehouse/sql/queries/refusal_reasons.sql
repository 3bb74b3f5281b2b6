-- reasons for which rows were refused
select distinct reason from raw.quarantine order by reason
