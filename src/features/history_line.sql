-- The columns of a Line, see contract/histories.h, with action and outlet for its place; of all actions, some of which
-- have no receipt.
SELECT customer_no, ts, text_hash(receipt_id) AS receipt, amount, product_no, store_no, action, outlet_no FROM event
