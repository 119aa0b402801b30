"""What people do to a complaint: load it, let the stage decide, save, resume the workflow.

The doors (`intake_email`, `intake_web`, `console`) all come through here, so that whatever is
done by mail, by form or by a member of staff is done in one and the same way.
"""
