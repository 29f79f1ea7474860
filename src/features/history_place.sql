-- Where things with a receipt happen, numbered.
CREATE OR REPLACE TEMP TABLE history_place AS
SELECT (row_number() OVER (ORDER BY action, partner, channel) - 1)::INTEGER AS place, action, partner, channel
FROM (SELECT DISTINCT action, coalesce(partner, '') AS partner, coalesce(channel, '') AS channel
      FROM event WHERE action IN ('cancel', 'partner_use', 'pay', 'purchase'));
