-- the columns this file has, for programs newer than the file
select
    schema_name || '.' || table_name as table_name,
    column_name
from duckdb_columns()
where not internal
order by table_name, column_index
