-- The columns of a Line, see contract/histories.h, with the names of its place.
SELECT customer_no, ts::DATE AS day, hash(receipt_id) AS receipt, coalesce(amount, 0)::DECIMAL(18, 4) AS amount,
       coalesce(product_no, -1) AS product_no, coalesce(store_no, -1) AS store_no, action,
       coalesce(partner, '') AS partner, coalesce(channel, '') AS channel
FROM event
WHERE action IN ('cancel', 'partner_use', 'pay', 'purchase')
