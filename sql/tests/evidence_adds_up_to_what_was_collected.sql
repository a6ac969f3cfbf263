-- The parts of collected IVA by evidence are all of it.
select
    team_id,
    basis,
    iva_rate_class,
    currency_code,
    month_start_date,
    iva_collected_mxn,
from {{ ref('mart_iva_monthly') }}
where
    iva_rep_xml_mxn + iva_rep_api_mxn + iva_payment_mxn + iva_balance_mxn + iva_cfdi_mxn
    <> iva_collected_mxn
