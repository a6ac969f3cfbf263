-- One row per error of the CFDI error matrix: reference data, not the failures of a team.
select
    error_code,
    any_value(error_type) as error_type,
    any_value(description) as description,
    any_value(explanation) as explanation,
    any_value(solution) as solution,
from {{ ref('stg_cfdi_errors') }}
where deleted_at is null
group by error_code
