-- ops.step_input holds what each step worked on; the correlation step kept its own account before
drop table if exists core.correlation_input;
