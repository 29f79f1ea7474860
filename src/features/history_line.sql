-- The columns of a Line, see contract/histories.h, with the names of its place; of all actions, some of which have no
-- receipt.
SELECT customer_no, ts, hash(receipt_id) AS receipt, amount, product_no, store_no, action, partner, channel FROM event
