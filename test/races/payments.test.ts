import { raceTests } from './sample.ts';

raceTests('payments');
