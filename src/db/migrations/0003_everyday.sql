-- What everyday conditions taught. Each room has its heading; new columns are appended below it.

-- Alerts.
ALTER TABLE alert ADD COLUMN started_at BIGINT; -- by the sender's clock; NULL: it did not say

-- Paging.

-- Messages.

-- Silences and overrides.

-- Sources.

-- The installation.
