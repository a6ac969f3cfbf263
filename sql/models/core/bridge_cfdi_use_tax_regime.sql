-- One row per use of a CFDI and tax regime of a receiver that may claim it.
select
    uso_cfdi_code as cfdi_use_code,
    regimen_fiscal_code as tax_regime_code,
from {{ ref('bridge_UsoCFDI_RegimenFiscal') }}
